/** A key as it stands beside the button that does the same. */
export function KeyHint({ keys }: { keys: string }) {
  return (
    <span class="keys" aria-hidden="true">
      {keys.split(' ').map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </span>
  );
}
