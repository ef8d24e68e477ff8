/** What differs between the two programs that speak this API: one is a fork of the other. */
import type { GatewayApi } from '../port.ts';

export type Flavour = {
  readonly name: 'kilo' | 'opencode';
  /** Of its environment variables. */
  readonly prefix: 'KILO' | 'OPENCODE';
  /** The oldest version that the recordings were made with. */
  readonly versionMin: string;
  /** Gateways that it can be pointed at. */
  readonly apis: readonly GatewayApi[];
  /** Environment that only this one knows. */
  readonly environment: (retriesMax: number) => Readonly<Record<string, string>>;
};
