import type { Explanation } from '../live-area.ts'

/** JSON in one line and without a line end: the same JSON that kube-apiserver formats differently. */
export const bytesOfJson: Explanation<unknown> = {
  row: 'bytes of JSON',
  explains: ({ at, here }) =>
    at === 'bytes' && typeof here === 'string' && here === JSON.stringify(JSON.parse(here)),
}
