import type { Explanation } from '../live-area.ts'

const NAMELESS = '.authorization.k8s.io "" is invalid: '

/** kube-apiserver has lost the kind when it writes the 422 of an access review. */
export const kindOf422: Explanation<unknown> = {
  row: 'refused access reviews',
  explains: ({ at, there, here }) =>
    at === 'body.details.kind'
      ? there === undefined && /^(?:Local|Self)?SubjectAccessReview$/.test(String(here))
      : at === 'body.message' &&
        typeof there === 'string' &&
        there.startsWith(NAMELESS) &&
        String(here).replace(/^(?:Local|Self)?SubjectAccessReview/, '') === there,
}
