/** Modules that only the build knows. Style sheets that components bring along are taken out into files. */
declare module '*.css';
declare module 'virtual:chart.css';

/** Made by the build: the files, below `dist/inspector`, that each screen is in. */
declare module 'virtual:screen-files' {
  export const screenFiles: Readonly<Record<string, readonly string[]>>;
}
