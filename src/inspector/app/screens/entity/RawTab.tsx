/** Everything as it came, for copying and for bug reports. */
import type { JsonValue } from '../../../../core/types.ts';
import { useApp } from '../../app.ts';
import { paths } from '../../paths.ts';
import { say } from '../../sending.ts';
import { dateTimeText, numberText } from '../../words.ts';
import type { Seen } from './seen.ts';

export function RawTab({ seen: { page, row, then } }: { readonly seen: Seen }) {
  const app = useApp();
  const { line, rev, status, definition, createdAt, updatedAt, lastSeq } = page;
  const path = row === null ? paths.entity(line.ref) : paths.moment(line.ref, row.seq);
  const text = JSON.stringify((row === null ? page : then.moment) as JsonValue, null, 2);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    say(app, `Copied ${line.ref} as JSON`);
  };
  return (
    <div class="raw-tab">
      <dl class="facts">
        <Line name="Reference" value={line.ref} />
        <Line name="Status" value={status} />
        <Line name="Revision" value={numberText(rev)} />
        <Line name="Definition" value={definition} />
        <Line name="Born" value={dateTimeText(createdAt)} />
        <Line name="Changed" value={dateTimeText(updatedAt)} />
        <Line name="Last row" value={numberText(lastSeq)} />
      </dl>
      <p class="raw-tools">
        <button type="button" class="button small" onClick={copy}>
          Copy JSON
        </button>
        <a class="ref" href={app.api.address(path)} download={`${line.id}.json`}>
          Download
        </a>
      </p>
      <pre class="raw-json">{text}</pre>
    </div>
  );
}

function Line({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <code>{value}</code>
      </dd>
    </div>
  );
}
