import { errorList, fieldPath } from '@kube-authn/core/internal'
import { StoreError } from '@kube-authn/store'
import { describe, expect, it } from 'vitest'
import {
  alreadyExists,
  conflict,
  expired,
  ignoreMissing,
  ignoreOthers,
  invalid,
  isConflict,
  isMissing,
  notFound,
  statusOfStore,
} from './status-errors.ts'

const secrets = { group: '', plural: 'secrets', kind: 'Secret' }
const leases = { group: 'coordination.k8s.io', plural: 'leases', kind: 'Lease' }
const [missing, another] = [notFound(secrets, 'x'), conflict(secrets, 'x', 'it was changed')]

describe('a refusal', () => {
  it.each<[string, unknown, boolean, boolean]>([
    ['404', missing, false, true],
    ['409 for a change', another, true, false],
    ['409 for an object that exists', alreadyExists(secrets, 'x', false), true, false],
    ['410', expired('it was compacted'), false, false],
    ['a fault', new TypeError('no'), false, false],
    ['something like one', { status: 409 }, false, false],
  ])('of %s is a conflict or is about what is missing', (_, error, areConflicts, areMissing) => {
    expect([isConflict(error), isMissing(error)]).toEqual([areConflicts, areMissing])
  })

  it('is ignored only for the reason that is expected', () => {
    expect(() => ignoreMissing(missing)).not.toThrow()
    expect(() => ignoreMissing(another)).toThrow(another)
    for (const error of [missing, another]) expect(() => ignoreOthers(error)).not.toThrow()
    const fault = new TypeError('no')
    expect(() => ignoreMissing(fault)).toThrow(fault)
    expect(() => ignoreOthers(fault)).toThrow(fault)
  })

  it.each([
    [secrets, 'x', 'Secret "x" is invalid: spec: Required value', { name: 'x', kind: 'Secret' }],
    [leases, 'x', 'Lease.coordination.k8s.io "x" is invalid: spec: Required value', { group: leases.group }],
    [leases, '', 'Lease.coordination.k8s.io "" is invalid: spec: Required value', { kind: 'Lease' }],
  ])('of fields names the kind with its group: %j', (resource, name, message, details) => {
    const errors = errorList()
    errors.required(fieldPath('spec'))
    const refused: unknown = JSON.parse(invalid(resource, name, errors).content)
    expect(refused).toMatchObject({ code: 422, reason: 'Invalid', message, details })
  })
})

describe('a failure of the store', () => {
  it.each([
    [undefined, 503, 'ServiceUnavailable', 'the store is not available'],
    ['notWritten', 503, 'ServiceUnavailable', 'the store is not available, and the change was not written'],
    [
      'unknown',
      504,
      'Timeout',
      'Timeout: the store did not answer, so it is unknown whether the change was written',
    ],
  ] as const)('says of a write what became of it: %s', (outcome, status, reason, message) => {
    const answer = statusOfStore(new StoreError('storeUnavailable', 'secret', undefined, outcome))
    expect(answer).toMatchObject({ status, body: { reason, message } })
  })
})
