/** What differs between the two programs that speak this API: one is a fork of the other. */

export type Flavour = {
  readonly name: 'kilo' | 'opencode';
  /** Of its environment variables. */
  readonly prefix: 'KILO' | 'OPENCODE';
  /** The oldest version that the recordings were made with. */
  readonly versionMin: string;
  /** Environment that only this one knows. */
  readonly environment: (retriesMax: number) => Readonly<Record<string, string>>;
};
