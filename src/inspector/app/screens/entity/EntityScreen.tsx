/** The whole page about one entity. */
import type { ScreenProps } from '../../screens.ts';
import { EntityView } from './EntityView.tsx';

export function EntityScreen({ reference }: ScreenProps) {
  return (
    <div class="screen entity-screen">
      <EntityView reference={reference} isDrawer={false} />
    </div>
  );
}
