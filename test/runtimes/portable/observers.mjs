import { authenticateRequest, authenticatorChain, fetchRequest } from '@kube-authn/core'
import { auditLog } from '@kube-authn/core/audit'
import { metrics } from '@kube-authn/core/metrics'
import { tokenFile } from '@kube-authn/core/token-file'
import { checksOf } from './check.mjs'
import { expectEqual, expectText } from './expect.mjs'
import { bearer, requestWith } from './requests.mjs'

const check = checksOf('observers')
const TOKEN = 's3cr3t-t0ken'

async function observed(observer) {
  const chain = authenticatorChain({ tokens: [tokenFile(`${TOKEN},jane,1`)] })
  const authenticate = authenticateRequest(chain, { observer })
  for (const headers of [bearer(TOKEN), bearer(`${TOKEN}x`), {}]) {
    await authenticate(fetchRequest(requestWith(headers)))
  }
}

check('count under the names of kube-apiserver', async () => {
  const counts = metrics()
  await observed(counts.observer)
  expectEqual([counts.attempts('success'), counts.attempts('error')], [1, 1])
  expectText(counts.render(), /^authentication_attempts\{result="success"\} 1$/m)
})

check('write what happened, and never a credential', async () => {
  const events = []
  await observed(auditLog({ write: (event) => events.push(event) }))
  expectText(events[0].auditID, /^[\da-f-]{36}$/)
  expectText(JSON.stringify(events), '"jane"')
  expectEqual(JSON.stringify(events).includes(TOKEN), false)
})
