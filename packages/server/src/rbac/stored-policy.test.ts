import { attributesOf } from '@kube-authn/core/authorization'
import { userInfo } from '@kube-authn/core/internal'
import { describe, expect, it } from 'vitest'
import type { StoredObject } from '../store/object-store.ts'
import { storedPolicy, type StoredPolicy } from './stored-policy.ts'

const apiGroup = 'rbac.authorization.k8s.io'
const BINDING = `/registry/${apiGroup}/clusterrolebindings/b`

function stored(revision: number, subject = 'jane'): StoredObject {
  const value = JSON.stringify({
    kind: 'ClusterRoleBinding',
    apiVersion: `${apiGroup}/v1`,
    metadata: { name: 'b' },
    roleRef: { apiGroup, kind: 'ClusterRole', name: 'r' },
    subjects: [{ apiGroup, kind: 'User', name: subject }],
  })
  return { key: BINDING, value, revision, createdRevision: 1 }
}

/** Whose binding is known. */
function known({ index }: StoredPolicy): readonly string[] {
  return ['jane', 'bob'].filter((username) => {
    const asked = attributesOf(userInfo({ username }), { verb: 'get', resource: 'pods' })
    // The role is missing, which counts for those who are bound to it only.
    return index.hasMissingRole(asked)
  })
}

describe('storedPolicy', () => {
  it('takes the latest version of an object, in whatever order they are told', () => {
    const policy = storedPolicy()
    policy.set(stored(5, 'bob'))
    policy.set(stored(4))
    expect(known(policy)).toEqual(['bob'])
    policy.delete(stored(4))
    expect(known(policy)).toEqual(['bob'])
    policy.delete(stored(6))
    policy.set(stored(5))
    expect(known(policy)).toEqual([])
    policy.set(stored(7))
    expect(known(policy)).toEqual(['jane'])
  })

  it('remembers a deletion until nothing older can be told', () => {
    const policy = storedPolicy()
    policy.delete(stored(6))
    policy.settle(5)
    policy.set(stored(5))
    expect(known(policy)).toEqual([])
    policy.settle(6)
    policy.set(stored(5))
    expect(known(policy)).toEqual(['jane'])
  })

  it('keeps what it learnt after a list was made, and drops what the list does not have', () => {
    const policy = storedPolicy()
    policy.set(stored(10))
    policy.keepListed(new Set(), 9)
    expect(known(policy)).toEqual(['jane'])
    policy.keepListed(new Set([BINDING]), 10)
    expect(known(policy)).toEqual(['jane'])
    policy.keepListed(new Set(), 10)
    expect(known(policy)).toEqual([])
  })

  it('takes earlier revisions after a restart', () => {
    const policy = storedPolicy()
    policy.set(stored(10))
    policy.restart()
    policy.set(stored(2, 'bob'))
    expect(known(policy)).toEqual(['bob'])
  })
})
