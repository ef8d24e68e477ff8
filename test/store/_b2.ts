import { openSqlite } from '../../src/store/sqlite.ts';
import { rmSync } from 'node:fs';
let t=1000;
const env:any={clock:{now:()=>t++},random:()=>0.5,hex:(n:number)=>'a'.repeat(n),log(){}};
const snap=JSON.stringify({status:'active',value:'open',context:{a:'x'.repeat(330)}});
const dir=process.env.DIR||'/dev/shm/smk';
const mk=(id:string,at:number,rev:number,from:string,to:string,def:number):any=>({entity:{ref:{machine:'bead',id},rev,definition:def,status:'active',state:to,snapshot:snap,index:{scope:'rig1',rank:1,labels:['x'],links:[{kind:'on',to:{machine:'convoy',id:'c1'}}]}},places:{left:from?[from]:[],entered:[to]},timers:{clear:false,cancel:from?['t']:[],set:[{id:'t',name:'HB',dueAt:at+1000,delayMs:1000,liveness:true,event:{type:'t'}}]},effects:rev%2?[]:[{type:'start',params:{a:1},scope:to}],supersede:from?from.split('.'):[],records:[],log:{at,entity:{machine:'bead',id},event:{type:'MOVE',epoch:3},by:'operator',cause:null,before:from,after:to,taken:[from+' -MOVE[isGood]-> '+to],definition:def,rejected:null}});
function bench(){
rmSync(dir,{recursive:true, force:true}); t=1000;
const s:any=openSqlite({file:dir+'/t.db',env,synchronous:(process.env.SY||'full') as any});
for (const p of (process.env.PR||'').split(',').filter(Boolean)) s.__db?.pragma(p);
const def=s.commit((tx:any)=>tx.defineMachine({machine:'bead',hash:'h',settings:{}}));
const N=15000, G=64; const out:number[]=[];
const states=['','open.ready','in_progress.running','in_review','closed'];
for(let r=1;r<states.length;r++){
let b=process.hrtime.bigint();
for(let i=0;i<N;i+=G) s.commit((tx:any)=>{for(let j=i;j<Math.min(i+G,N);j++) (()=>{tx.entity({machine:'bead',id:'b'+j});tx.apply(mk('b'+j,t++,r,states[r-1],states[r],def))})()});
let e=process.hrtime.bigint(); out.push(Math.round(N/(Number(e-b)/1e9)));}
s.close(); return out;}
for(let k=0;k<3;k++) console.log(bench().join(' '));
