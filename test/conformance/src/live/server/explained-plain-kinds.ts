import { canonical, isObject } from '../difference.ts'
import type { ServerExplanation } from './explain-sequence.ts'
import { resourcePath } from './resource-path.ts'
import type { RecordedLine } from './recorded-line.ts'

const ROW = 'nodes and pods'
/** Where an answer has an object. */
const OBJECT = String.raw`^(?:body|body\.items\[\]|events\[\]\.object|(?:events\[\]\.object|body)\.rows\[\]\.object)`

/** Pods, services and nodes are neither validated nor completed here. */
export const explainedPlainKinds: readonly ServerExplanation[] = [
  {
    row: ROW,
    about: 'defaults and what the server writes',
    explains: ({ at }, { line }) =>
      isPlain(line) &&
      (new RegExp(`${OBJECT}\\.(?:spec|status)(?:\\.|$)`).test(at) ||
        new RegExp(`${OBJECT}\\.metadata\\.generation$`).test(at)),
  },
  {
    row: ROW,
    about: 'owners of the defaults',
    explains: ({ at }, { line }) => at.endsWith('.managedFields') && isPlain(line),
  },
  {
    row: ROW,
    about: 'events',
    explains: ({ at, there, here }, { line }) =>
      at === 'events' && isPlain(line) && canonical(turns(there)) === canonical(turns(here)),
  },
  {
    row: ROW,
    about: 'another error',
    explains: ({ at }, { line, there, here }) =>
      isPlain(line) &&
      there.status === 422 &&
      here.status === 422 &&
      /^body\.(?:message|details\.causes)/.test(at) &&
      /"spec\b/.test(JSON.stringify(there.body)),
  },
  {
    row: ROW,
    about: 'warnings',
    explains: ({ at, here }, { line }) => at === 'header warning' && here === undefined && isPlain(line),
  },
  {
    row: ROW,
    about: 'pods that end slowly',
    explains: ({ at, there, here }, { line, there: { body } }) =>
      at === 'status' &&
      isPlain(line) &&
      here === 404 &&
      ((there === 200 && isEnding(body)) || (there === 409 && line.path.endsWith('/eviction'))),
  },
  {
    row: ROW,
    about: 'what is invalid is kept',
    explains: ({ at, there, here }, { line }) =>
      at === 'status' && there === 422 && Number(here) < 300 && isPlain(line),
  },
]

/** Whether an object is being deleted. */
export function isEnding(body: unknown): boolean {
  return isObject(body) && isObject(body['metadata']) && body['metadata']['deletionTimestamp'] !== undefined
}

/** Which objects came and went. Changes of what is not kept here are none. */
function turns(events: unknown): readonly string[] {
  const all = (Array.isArray(events) ? events : []).filter(isObject)
  return all.flatMap(({ type, object }) => {
    const metadata = isObject(object) ? object['metadata'] : undefined
    return type === 'MODIFIED' ? [] : [canonical([type, isObject(metadata) && metadata['name']])]
  })
}

function isPlain(line: RecordedLine): boolean {
  const { group = 'none', resource = '' } = resourcePath(line) ?? {}
  return group === '' && ['nodes', 'pods', 'services'].includes(resource)
}
