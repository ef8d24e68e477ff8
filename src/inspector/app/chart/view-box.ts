/** Which part of a picture is seen, and how near. Pure. */

export type Size = { readonly width: number; readonly height: number };
export type View = {
  /** The middle of what is seen, in the picture's own px. */
  readonly x: number;
  readonly y: number;
  /** Screen px for each px of the picture. */
  readonly scale: number;
};

const SCALE_MIN = 0.2;
const SCALE_MAX = 3;
/** A small picture is not blown up to fill the screen. */
export const FIT_MAX = 1.25;

export function fitted(picture: Size, window: Size): View {
  const scale = Math.min(FIT_MAX, window.width / picture.width, window.height / picture.height);
  return { x: picture.width / 2, y: picture.height / 2, scale };
}

/** Nearer or farther by a factor, with one point of the screen staying where it is (from the window's middle, px). */
export function zoomed(
  view: View,
  factor: number,
  at: { readonly x: number; readonly y: number } = { x: 0, y: 0 },
): View {
  const scale = Math.min(SCALE_MAX, Math.max(SCALE_MIN, view.scale * factor));
  return {
    x: view.x + at.x / view.scale - at.x / scale,
    y: view.y + at.y / view.scale - at.y / scale,
    scale,
  };
}

/** Moved by screen px; the middle stays inside the picture, so that it can not be lost. */
export function moved(view: View, by: { readonly x: number; readonly y: number }, picture: Size): View {
  const within = (value: number, most: number) => Math.min(most, Math.max(0, value));
  return {
    x: within(view.x - by.x / view.scale, picture.width),
    y: within(view.y - by.y / view.scale, picture.height),
    scale: view.scale,
  };
}

/** The `viewBox` that shows it. */
export function viewBox({ x, y, scale }: View, window: Size): string {
  const [width, height] = [window.width / scale, window.height / scale];
  return [x - width / 2, y - height / 2, width, height].map((value) => Math.round(value * 100) / 100).join(' ');
}
