/** A button that copies a text to the clipboard, and confirms it. */
import { useEffect, useState } from 'preact/hooks';

interface Props {
  readonly label: string;
  readonly text: () => string | Promise<string>;
}

const CONFIRMED_MILLIS = 2000;

export function CopyButton({ label, text }: Props) {
  const [result, setResult] = useState<'copied' | 'failed'>();
  useEffect(() => {
    if (result === undefined) return;
    const timer = setTimeout(() => setResult(undefined), CONFIRMED_MILLIS);
    return () => clearTimeout(timer);
  }, [result]);
  const copy = async (): Promise<void> => {
    try {
      await copyText(await text());
      setResult('copied');
    } catch {
      setResult('failed');
    }
  };
  const confirmation = result === 'copied' ? 'Copied' : 'Not copied';
  return (
    <button type="button" class="button" onClick={() => void copy()}>
      <span aria-live="polite">{result === undefined ? label : confirmation}</span>
    </button>
  );
}

/** `navigator.clipboard` exists only on HTTPS and on loopback addresses. */
async function copyText(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text);
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'visually-hidden';
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand('copy');
  area.remove();
  if (!isCopied) throw new Error('The browser did not copy the text.');
}
