// How long a decision takes with 10 to 10,000 bindings: node test/bench/rbac.mjs
import { emptyContext, userInfo } from '@kube-authn/core'
import { attributesOf } from '@kube-authn/core/authorization'
import { rbac, rbacPolicy } from '@kube-authn/core/rbac'

const apiVersion = 'rbac.authorization.k8s.io/v1'
const apiGroup = 'rbac.authorization.k8s.io'
const decisions = 200_000

for (const bindings of [10, 100, 1000, 10_000]) {
  const role = {
    apiVersion,
    kind: 'ClusterRole',
    metadata: { name: 'reader' },
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
  }
  const objects = Array.from({ length: bindings }, (_, index) => ({
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata: { name: `binding-${index}` },
    subjects: [{ kind: 'User', name: `user-${index}`, apiGroup }],
    roleRef: { kind: 'ClusterRole', name: 'reader', apiGroup },
  }))
  const authorizer = rbac(rbacPolicy([role, ...objects]))
  const question = (username) =>
    attributesOf(userInfo({ username, groups: ['a', 'b', 'c', 'system:authenticated'] }), {
      verb: 'get',
      resource: 'pods',
      namespace: 'shop',
      name: 'web',
    })
  const questions = { allowed: question(`user-${bindings - 1}`), refused: question('nobody') }
  for (const [name, attributes] of Object.entries(questions)) {
    for (let round = 0; round < decisions / 10; round++) authorizer.authorize(attributes, emptyContext)
    const start = performance.now()
    for (let round = 0; round < decisions; round++) authorizer.authorize(attributes, emptyContext)
    const microseconds = ((performance.now() - start) / decisions) * 1000
    console.log(`${String(bindings).padStart(6)} bindings, ${name}: ${microseconds.toFixed(2)} µs a decision`)
  }
}
