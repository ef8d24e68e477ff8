/** Bounds on what a run may use of its machine, kept by the kernel for each of its processes. */

export type RunLimits = {
  /** Memory that a process may fill, MiB. */
  readonly memoryMb?: number | undefined;
  /** Processes and threads of the run; without a box, of the user. */
  readonly processes?: number | undefined;
  /** Time that a process may compute, s. */
  readonly cpuSeconds?: number | undefined;
  /** Files that a process may have open. */
  readonly openFiles?: number | undefined;
  /** The largest file that a process may write, MiB. */
  readonly fileMb?: number | undefined;
};

const MEBIBYTE = 1024 * 1024;

/** What `prlimit` is told. */
export function limitArguments(limits: RunLimits): readonly string[] {
  const { memoryMb, processes, cpuSeconds, openFiles, fileMb } = limits;
  const bounds: readonly (readonly [name: string, value: number | undefined])[] = [
    // Not the address space: what a runtime reserves and never fills costs nothing.
    ['data', memoryMb === undefined ? undefined : memoryMb * MEBIBYTE],
    ['nproc', processes],
    ['cpu', cpuSeconds],
    ['nofile', openFiles],
    ['fsize', fileMb === undefined ? undefined : fileMb * MEBIBYTE],
  ];
  return bounds.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}:${value}`]));
}
