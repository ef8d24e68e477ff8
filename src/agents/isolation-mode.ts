/** How much a rig wants its runs to be isolated. */

/** `auto`: where the system lets it; `required`: or not at all; `off`: never. */
export type IsolationMode = 'auto' | 'required' | 'off';
