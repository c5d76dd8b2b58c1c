import { canonical, isObject } from '../difference.ts'
import type { ServerExplanation } from './explain-sequence.ts'

const EARLIER = 'before-first-apply'

/** Who owned fields before the first apply is not known here. */
export const explainedOwners: readonly ServerExplanation[] = [
  {
    row: 'owners of fields',
    about: 'owners that are not recorded, or only together',
    explains: ({ at, there, here }) =>
      at.endsWith('.managedFields') &&
      (here === undefined ||
        names(here).includes(EARLIER) ||
        names(there).some((name) => !names(here).includes(name))),
  },
  {
    row: 'owners of fields',
    about: 'clients that reset them, and what the server resets',
    explains: ({ at, there }, { line }) =>
      at.endsWith('.managedFields') &&
      (there === undefined || line.path.includes('/certificatesigningrequests')),
  },
  {
    row: 'owners of fields',
    about: 'the same fields of other owners',
    explains: ({ at, there, here }) =>
      at.endsWith('.managedFields') && canonical(fieldsOf(there)) === canonical(fieldsOf(here)),
  },
  {
    row: 'owners of fields',
    about: 'events of writes that change them only',
    explains: ({ at, there, here }) =>
      at === 'events' &&
      Array.isArray(there) &&
      canonical(withoutOwners(there)) === canonical(withoutOwners(here)),
  },
  {
    row: 'owners of fields',
    about: 'conflicts with them',
    explains: ({ at }, { there, here }) =>
      /^body\.(?:message|details\.causes)/.test(at) &&
      isApplyConflict(there.body) &&
      isApplyConflict(here.body),
  },
]

function names(owners: unknown): readonly string[] {
  return Array.isArray(owners)
    ? owners
        .filter(isObject)
        .map((each) => JSON.stringify([each['manager'], each['operation'], each['subresource']]))
        .map((each) => (each.includes(`"${EARLIER}"`) ? EARLIER : each))
    : []
}

/** The owned fields, whoever owns them. */
function fieldsOf(owners: unknown): readonly string[] {
  const paths = (value: unknown, path: string): readonly string[] =>
    isObject(value)
      ? [path, ...Object.entries(value).flatMap(([key, each]) => paths(each, `${path}/${key}`))]
      : [path]
  const all = Array.isArray(owners) ? owners.filter(isObject) : []
  return [...new Set(all.flatMap(({ fieldsV1 }) => paths(fieldsV1, '')))].toSorted()
}

/** Events without owners of fields, and without those that are then the same as the one before. */
function withoutOwners(events: unknown): unknown {
  if (!Array.isArray(events)) return events
  const texts = events.map((each) =>
    canonical(
      JSON.parse(JSON.stringify(each), (key, value: unknown) =>
        key === 'managedFields' ? undefined : value,
      ),
    ),
  )
  return texts.filter((text, index) => text !== texts[index - 1])
}

function isApplyConflict(body: unknown): boolean {
  return isObject(body) && String(body['message']).startsWith('Apply failed with ')
}
