/** Focus that goes back to where it was, when what took it is gone. */

/** Remembers what has the focus; the returned function gives it back, if that is still on the page. */
export function focusKeeper(): () => void {
  const before = document.activeElement;
  return () => {
    const canHaveIt = before instanceof HTMLElement || before instanceof SVGElement;
    if (canHaveIt && before.isConnected) before.focus({ preventScroll: true });
  };
}
