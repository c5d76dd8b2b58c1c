import type { ObjectReader } from '@kube-authn/core/internal'
import { rfc3339Of, timeOfRfc3339 } from '@kube-authn/internal/rfc3339'
import type { Fields } from '../../resource.ts'

/** Reads a request as a client sends it. Empty values are absent. */
export function readSigningRequest(object: ObjectReader): Fields {
  const spec = object.object('spec')
  const status = object.object('status')
  return {
    spec: spec === undefined ? {} : readSpec(spec),
    status: status === undefined ? {} : readStatus(status),
  }
}

function readSpec(spec: ObjectReader): Fields {
  const extra = spec.object('extra')
  const keys = extra?.names() ?? []
  const read = {
    request: base64Of(spec.string('request')),
    signerName: spec.string('signerName'),
    expirationSeconds: spec.value('expirationSeconds'),
    usages: spec.strings('usages'),
    username: spec.string('username'),
    uid: spec.string('uid'),
    groups: spec.strings('groups'),
    extra: Object.fromEntries(keys.map((key) => [key, extra?.strings(key) ?? []])),
  }
  spec.end()
  return withoutEmpty(read)
}

function readStatus(status: ObjectReader): Fields {
  const read = {
    conditions: status.objects('conditions').map(readCondition),
    certificate: base64Of(status.string('certificate')),
  }
  status.end()
  return withoutEmpty(read)
}

function readCondition(condition: ObjectReader): Fields {
  const read = {
    type: condition.string('type'),
    status: condition.string('status'),
    reason: condition.string('reason'),
    message: condition.string('message'),
    lastUpdateTime: timeIn(condition.string('lastUpdateTime')),
    lastTransitionTime: timeIn(condition.string('lastTransitionTime')),
  }
  condition.end()
  return { type: read.type, ...withoutEmpty(read) }
}

/** Go skips line breaks in base64. */
function base64Of(text: string): string {
  return text.replaceAll(/[\r\n]/g, '')
}

/** Go's time that is none. */
const NO_TIME = '0001-01-01T00:00:00Z'

/** In UTC and whole seconds, as it is stored. What is not a time stays as it is, and is refused later. */
function timeIn(text: string): string {
  const timeMs = timeOfRfc3339(text)
  if (timeMs === undefined) return text
  const time = rfc3339Of(timeMs)
  return time === NO_TIME ? '' : time
}

function withoutEmpty(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => !isEmpty(value)))
}

function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0
  return value === undefined || value === ''
}
