import { isObject } from '../difference.ts'

/** What is masked in text: in messages, and in answers that are not JSON. */
const TEXT_MASKS: readonly (readonly [pattern: RegExp, mask: string])[] = [
  [/(?!0{8}-)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uid>'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>'],
  [/127\.0\.\d+\.1:\d+/g, '<host>'],
  [/(\\*"?resourceVersion\\*"?[:=] ?\\*"?)\d+/gi, '$1<rv>'],
  [/(too large resource version: )\d+(, current: )\d+/i, '$1<rv>$2<rv>'],
  [/(ResourceVersion in (?:the )?(?:precondition|record|object meta):? \(?)\d+/g, '$1<rv>'],
  [/(IPAddress\.networking\.k8s\.io "?)10\.0\.0\.\d+/g, '$1<ip>'],
  [/(too old resource version: )\d+ \(\d+\)/i, '$1<rv> (<rv>)'],
  [/((?:^|[^a-z])(?:s\d+-)?gen-)[bcdfghjklmnpqrstvwxz2456789]{5}(?![a-z0-9])/g, '$1<random>'],
  [/kube-api-access-[a-z0-9]{5}(?![a-z0-9])/g, 'kube-api-access-<random>'],
  [/\n@@ -\d+,\d+ \+\d+,\d+ @@[\s\S]*$/, '\n<difference>'],
]

/** Text without what changes from run to run. */
export function maskText(text: string): string {
  const masked = TEXT_MASKS.reduce((each, [pattern, mask]) => each.replace(pattern, mask), text)
  return masked.replace(/RBAC: \[([^\]]*)\]/g, (_, list: string) => `RBAC: [${sortedList(list)}]`)
}

/** JSON without what changes from run to run; lists that have no order there are sorted. */
export function maskJson(value: unknown, key?: string): unknown {
  if (typeof value === 'string') return maskText(value)
  if (Array.isArray(value)) return value.map((each) => maskJson(each))
  if (!isObject(value)) return value
  const masked: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const [name, each] of Object.entries(value)) masked[name] = maskField(name, each, key)
  return maskAges(masked)
}

const TIMES = new Set([
  'creationTimestamp',
  'deletionTimestamp',
  'time',
  'lastTransitionTime',
  'lastUpdateTime',
  'lastHeartbeatTime',
  'expirationTimestamp',
  'Age',
])
const CLUSTER_IPS = '10.0.0.'

function maskField(name: string, value: unknown, parent: string | undefined): unknown {
  if (typeof value === 'string') return maskedString(name, value, parent)
  if (name === 'nodePort' && typeof value === 'number' && value >= 30_000) return '<port>'
  if (name === 'clusterIPs' && Array.isArray(value))
    return value.map((each) => (String(each).startsWith(CLUSTER_IPS) ? '<ip>' : (each as unknown)))
  const masked = maskJson(value, name)
  if (!Array.isArray(masked)) return masked
  if (name === 'managedFields') return masked.toSorted(byText(ownerOrder))
  if (
    name === 'causes' &&
    masked.every((each) => isObject(each) && each['reason'] === 'FieldManagerConflict')
  )
    return masked.toSorted(
      byText((each) => JSON.stringify(isObject(each) && [each['message'], each['field']])),
    )
  return masked
}

function maskedString(name: string, value: string, parent: string | undefined): string {
  const isOwnUid = parent === 'metadata' || /^[0-9a-f]{8}-/.test(value)
  if (value !== '' && (name === 'resourceVersion' || name === 'continue' || (name === 'uid' && isOwnUid)))
    return `<${name}>`
  if (TIMES.has(name)) return '<time>'
  if (name === 'token' && value.length > 60) return '<token>'
  if (name === 'since' && /^\d{4}-\d\d-\d\d$/.test(value)) return '<date>'
  if (name === 'clusterIP' && value.startsWith(CLUSTER_IPS)) return '<ip>'
  if (name === 'evaluationError') return sortedList([...new Set(value.split(', '))].join(', '))
  return maskText(value)
}

function maskAges(object: Record<string, unknown>): Record<string, unknown> {
  const { columnDefinitions: columns, rows, kind } = object
  if (kind !== 'Table' || !Array.isArray(columns) || !Array.isArray(rows)) return object
  const isAge = columns.map(
    (each) => isObject(each) && /^(?:Age|Last Seen|First Seen)$/.test(String(each['name'])),
  )
  return { ...object, rows: rows.map((row) => withMaskedCells(row, isAge)) }
}

function withMaskedCells(row: unknown, isMasked: readonly boolean[]): unknown {
  if (!isObject(row) || !Array.isArray(row['cells'])) return row
  return {
    ...row,
    cells: row['cells'].map((cell, at) => (isMasked[at] === true ? '<age>' : (cell as unknown))),
  }
}

function ownerOrder(owner: unknown): string {
  return JSON.stringify(
    isObject(owner) && [owner['manager'], owner['operation'], owner['subresource'], owner['apiVersion']],
  )
}

function byText(textOf: (value: unknown) => string): (one: unknown, other: unknown) => number {
  return (one, other) => (textOf(one) < textOf(other) ? -1 : 1)
}

function sortedList(text: string): string {
  return text.split(', ').toSorted().join(', ')
}
