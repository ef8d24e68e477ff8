/** Names of models at kilo's own gateway. */

/** The provider that kilo brings: its own gateway. */
export const kiloProvider = 'kilo';

/** Kilo lists a model as `kilo/vendor/model`; its gateway's own name for that is `vendor/model`. */
export function kiloModel(model: string): string {
  const prefix = `${kiloProvider}/`;
  return model.startsWith(prefix) ? model.slice(prefix.length) : model;
}
