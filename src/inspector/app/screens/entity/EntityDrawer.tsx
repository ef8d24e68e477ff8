/** An entity in a drawer: the same as its page, narrow, and opened over whatever the reader was looking at. */
import { useAnswer, useApp } from '../../app.ts';
import { ofEntity } from '../../hooks.ts';
import { Drawer } from '../../parts/Drawer.tsx';
import { paths } from '../../paths.ts';
import type { ScreenProps } from '../../screens.ts';
import { idOf } from '../../words.ts';
import { EntityView } from './EntityView.tsx';

export function EntityDrawer({ reference }: ScreenProps) {
  const { route } = useApp();
  const page = useAnswer(paths.entity(reference), ofEntity(reference)).value.value;
  const id = idOf(reference);
  const title = page?.line.title ?? id;
  return (
    <Drawer
      title={
        <>
          <code>{id}</code> {title !== id && title}
        </>
      }
      label={`${reference}, ${title}`}
      href={route.entityHref(reference)}
    >
      <EntityView reference={reference} isDrawer />
    </Drawer>
  );
}
