/** The head of a screen: what it is, in which order its rows stand, and what can be done with the whole of it. */
import type { ComponentChildren } from 'preact';
import './screens.css';

export type ScreenHeadProps = {
  readonly title: string;
  /** One line: the count, the order, how old. */
  readonly about: ComponentChildren;
  /** Buttons and switches at the right. */
  readonly children?: ComponentChildren;
};

export function ScreenHead({ title, about, children }: ScreenHeadProps) {
  return (
    <header class="screen-head">
      <h1>{title}</h1>
      <p class="screen-about">{about}</p>
      {children && <div class="screen-tools">{children}</div>}
    </header>
  );
}
