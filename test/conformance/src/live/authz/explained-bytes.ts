import type { Explanation } from '../live-area.ts'

/** JSON in one line and without a line end, where it is the same JSON that kube-apiserver writes in another way. */
export const bytesOfJson: Explanation<unknown> = {
  row: 'bytes of JSON',
  explains: ({ at, here }) =>
    at === 'bytes' && typeof here === 'string' && here === JSON.stringify(JSON.parse(here)),
}
