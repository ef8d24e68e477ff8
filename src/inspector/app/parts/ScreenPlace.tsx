/** Where a screen stands: shows it as soon as its code is there. */
import { useEffect } from 'preact/hooks';
import { loadScreens, type ScreenName, screenOf } from '../screens.ts';
import { Skeleton } from './States.tsx';

export function ScreenPlace({ name, reference = '' }: { name: ScreenName; reference?: string }) {
  const Screen = screenOf(name);
  useEffect(() => void loadScreens([name]), [name]);
  return Screen === null ? <Skeleton /> : <Screen key={`${name} ${reference}`} reference={reference} />;
}
