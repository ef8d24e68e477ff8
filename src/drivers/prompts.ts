/** What a driver says to an agent beside its task. */
import type { RunRequest } from './port.ts';

/** The first words of a run. A resumed conversation knows its task; a new one is told what happened before. */
export function firstPrompt(request: RunRequest, resumed: boolean): string {
  const { handover = '', news = handover } = request.earlier ?? {};
  if (resumed) return news === '' ? interrupted(request) : `${news}\n\nGo on from there. ${ending(request)}`;
  return handover === '' ? request.prompt : `${request.prompt}\n\n${handover}`;
}

/** For an agent whose turn ended although nothing shows that the work is done. */
export function goOn(request: RunRequest, why: string): string {
  return `${why} Go on with the task. ${ending(request)}`;
}

/** For an agent whose program died in the middle of a turn. */
export function interrupted(request: RunRequest): string {
  return `You were interrupted in the middle of your work. Look at what is there, and go on. ${ending(request)}`;
}

/** For an agent whose conversation a person had, and gave back. */
export function givenBack(request: RunRequest): string {
  return `A person has had this conversation, and gives it back to you. Go on with the task. ${ending(request)}`;
}

function ending(request: RunRequest): string {
  if (request.mcp === null) return 'When it is done, commit your work.';
  return 'When it is done, commit your work and call the tool `done`. If you can not do it, say why and what you need.';
}
