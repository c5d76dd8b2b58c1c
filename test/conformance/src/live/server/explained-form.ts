import type { ServerExplanation } from './explain-sequence.ts'
import type { RecordedLine } from './recorded-line.ts'

/** The form of answers: their bytes, media types and headers. */
export const explainedForm: readonly ServerExplanation[] = [
  {
    row: 'bytes of JSON',
    explains: ({ at, here }) => at === 'layout' && here === 'compact',
  },
  {
    row: 'Allow of a 405',
    explains: ({ at, there }, { here }) =>
      at === 'header allow' && there === undefined && here.status === 405,
  },
  {
    row: 'content of objects',
    about: 'protobuf is asked for, and refused',
    explains: ({ at, there, here }, { line }) =>
      at === 'status' && there === 200 && here === 406 && acceptsOnlyProtobuf(line),
  },
  {
    row: 'content of objects',
    about: 'protobuf or JSON is asked for',
    explains: ({ at, there, here }) =>
      at === 'header content-type' &&
      String(there).startsWith('application/vnd.kubernetes.protobuf') &&
      here === 'application/json',
  },
  {
    row: 'content of refusals',
    explains: ({ at, there, here }, { there: { status }, line }) =>
      status >= 400 &&
      (line.headers?.['accept'] ?? '').includes('yaml') &&
      (at === 'body' ||
        (at === 'header content-type' && there === 'application/yaml' && here === 'application/json')),
  },
]

function acceptsOnlyProtobuf({ headers = {} }: RecordedLine): boolean {
  const accepted = headers['accept'] ?? ''
  return /^application\/(?:vnd\.kubernetes\.protobuf|cbor)/.test(accepted) && !/json|yaml|\*/.test(accepted)
}
