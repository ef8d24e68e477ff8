/**
 * The dialog that sends an event: what it does, its payload as a form, what would happen, a reason, and the
 * confirmation.
 */
import { type Signal, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useMemo } from 'preact/hooks';
import type { JsonObject } from '../../../core/types.ts';
import type { ProblemView } from '../../contract.ts';
import type { BulkPreview, PreviewView, SendBody } from '../../contract-commands.ts';
import { asProblem } from '../api.ts';
import { useApp } from '../app.ts';
import { Dialog } from '../parts/Dialog.tsx';
import { type Field, fieldsOf, payloadOf } from '../parts/payload.ts';
import { asked, deliver, type Sending } from '../sending.ts';
import { durationText, idOf, machineOf, numberText } from '../words.ts';

const PREVIEW_MS = 150;
const REASON_MAX = 500;

const close = () => {
  asked.value = null;
};

export function SendDialog() {
  const sending = asked.value;
  return sending === null ? null : <SendForm sending={sending} />;
}

type Previewed = PreviewView | BulkPreview | ProblemView;

/** What is filled in, what it would do, and the sending of it. */
function useSending(sending: Sending) {
  const app = useApp();
  const { action, references } = sending;
  const fields = useMemo(() => fieldsOf(action.payload), [action]);
  const filled = useSignal<ReadonlyMap<string, string>>(new Map());
  const reason = useSignal('');
  const preview = useSignal<Previewed | null>(null);
  const problem = useSignal<ProblemView | null>(null);
  const isBusy = useSignal(false);
  const payload = payloadOf(fields, filled.value);
  const missing = 'problem' in payload ? payload.problem : null;
  const body: SendBody | null = 'problem' in payload ? null : bodyOf(action.event, payload.payload, reason.value);
  useEffect(() => {
    const timer = setTimeout(async () => {
      if (body === null) return;
      try {
        preview.value = await ask(app.api, references, body);
      } catch (thrown) {
        preview.value = asProblem(thrown);
      }
    }, PREVIEW_MS);
    return () => clearTimeout(timer);
  }, [JSON.stringify(payload), references]);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (body === null) return;
    isBusy.value = true;
    try {
      await deliver(app, sending, body);
      close();
    } catch (thrown) {
      problem.value = asProblem(thrown);
    } finally {
      isBusy.value = false;
    }
  };
  const fill = (name: string, text: string) => {
    filled.value = new Map(filled.value).set(name, text);
  };
  return { fields, filled, fill, reason, preview, problem, isBusy, missing, submit };
}

function bodyOf(event: string, payload: JsonObject, reason: string): SendBody {
  return {
    event,
    ...(Object.keys(payload).length > 0 ? { payload } : {}),
    ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
  };
}

function SendForm({ sending }: { sending: Sending }) {
  const { action, references } = sending;
  const { fields, filled, fill, reason, preview, problem, isBusy, missing, submit } = useSending(sending);
  const isOff = missing !== null || isBusy.value || isRefused(preview.value);
  return (
    <Dialog label={action.label} class="send-dialog" onClose={close}>
      <form onSubmit={submit}>
        <h2>
          {action.label} <span class="muted">{whom(references)}</span>
        </h2>
        <p>{action.description}</p>
        {fields.map((field) => (
          <FieldRow
            key={field.name}
            field={field}
            value={filled.value.get(field.name) ?? field.initial}
            onChange={(text) => fill(field.name, text)}
          />
        ))}
        <ReasonField reason={reason} />
        <PreviewText preview={preview.value} />
        {missing !== null && <p class="tone-warn">{missing}</p>}
        {problem.value && (
          <p class="problem" role="alert">
            <strong>{problem.value.title}</strong> {problem.value.detail}
          </p>
        )}
        <footer class="dialog-foot">
          <button type="button" class="button" onClick={close}>
            Do nothing
          </button>
          <button type="submit" class={`button primary${action.destroys ? ' dangerous' : ''}`} disabled={isOff}>
            {references.length === 1 ? action.label : `${action.label} (${references.length})`}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

function ReasonField({ reason }: { reason: Signal<string> }) {
  return (
    <label class="field">
      <span>
        Reason <span class="muted">kept in the log, with your name</span>
      </span>
      <input
        value={reason.value}
        maxLength={REASON_MAX}
        onInput={(event) => {
          reason.value = event.currentTarget.value;
        }}
      />
    </label>
  );
}

const whom = (references: readonly string[]) =>
  references.length === 1 ? idOf(references[0] ?? '') : `${references.length} × ${machineOf(references[0] ?? '')}`;

function ask(api: ReturnType<typeof useApp>['api'], references: readonly string[], body: SendBody): Promise<Previewed> {
  const [first = ''] = references;
  return references.length === 1 ? api.preview(first, body) : api.previewMany(machineOf(first), references, body);
}

const isRefused = (preview: Previewed | null) =>
  preview !== null && !('status' in preview) && ('accept' in preview ? preview.accept.length === 0 : !preview.accepted);

type FieldRowProps = { field: Field; value: string; onChange: (text: string) => void };

function FieldRow({ field, value, onChange }: FieldRowProps) {
  const id = useId();
  const { name, description, isRequired } = field;
  return (
    <div class="field">
      <label for={id}>
        <code>{name}</code> {!isRequired && <span class="muted">may be empty</span>}
      </label>
      <Control id={id} field={field} value={value} onChange={onChange} />
      {description && <span class="muted">{description}</span>}
    </div>
  );
}

function Control({ id, field: { kind, choices }, value, onChange }: FieldRowProps & { id: string }) {
  const onInput = (event: Event) => {
    const { currentTarget: control } = event;
    if (control instanceof HTMLInputElement && control.type === 'checkbox') onChange(String(control.checked));
    else if (control instanceof HTMLElement && 'value' in control) onChange(String(control.value));
  };
  if (kind === 'choice') {
    return (
      <select id={id} value={value} onChange={onInput}>
        <option value="" />
        {choices.map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </select>
    );
  }
  if (kind === 'boolean') return <input id={id} type="checkbox" checked={value === 'true'} onChange={onInput} />;
  if (kind === 'json') return <textarea id={id} rows={3} value={value} onInput={onInput} />;
  return <input id={id} inputMode={kind === 'number' ? 'decimal' : undefined} value={value} onInput={onInput} />;
}

function PreviewText({ preview }: { preview: Previewed | null }) {
  if (preview === null) return <p class="preview muted">What would happen is worked out here.</p>;
  if ('status' in preview) {
    return <p class="preview tone-warn">What would happen could not be worked out: {preview.detail}</p>;
  }
  if ('accept' in preview) return <BulkText preview={preview} />;
  if (!preview.accepted)
    return <p class="preview tone-warn">It would be refused: {preview.why ?? 'no transition takes it'}.</p>;
  const { timers, effects, sends } = preview;
  const consequences: ComponentChildren[] = [
    ...timers.map(({ name, delayMs }) => `arms ${name}, in ${durationText(delayMs)}`),
    ...effects.map((type) => `does ${type}`),
    ...sends.map(({ to, event }) => `sends ${event} to ${to}`),
  ];
  return (
    <div class="preview">
      <p>
        <code>{preview.before}</code> → <code>{preview.after === preview.before ? 'stays' : preview.after}</code>
      </p>
      {consequences.length > 0 && (
        <ul>
          {consequences.map((text, index) => (
            <li key={index}>{text}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

function BulkText({ preview: { accept, refuse } }: { preview: BulkPreview }) {
  return (
    <div class="preview">
      <p>
        {numberText(accept.length)} will accept
        {refuse.length > 0 && `, ${refuse.length} will refuse`}.
      </p>
      {refuse.length > 0 && (
        <ul>
          {refuse.slice(0, 5).map(({ ref, why }) => (
            <li key={ref}>
              <code>{idOf(ref)}</code> {why}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
