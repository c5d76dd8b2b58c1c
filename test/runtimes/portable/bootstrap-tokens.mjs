import {
  bootstrapSecrets,
  bootstrapToken,
  createBootstrapToken,
  parseBootstrapToken,
} from '@kube-authn/core/bootstrap-token'
import { signClusterInfo, verifyClusterInfo } from '@kube-authn/server'
import { fixedClock } from '@kube-authn/testing'
import { checksOf } from './check.mjs'
import { expectEqual, expectText } from './expect.mjs'
import { whoseToken } from './requests.mjs'

const check = checksOf('bootstrap tokens')
const NOW_MS = Date.UTC(2030, 0, 1)

function worldOf(options = {}) {
  const clock = fixedClock(NOW_MS)
  const created = createBootstrapToken({ expirationSeconds: 60, clock, ...options })
  const tokens = bootstrapToken({ secrets: bootstrapSecrets([created.secret]), clock })
  return { clock, created, tokens }
}

check('are made, and known until they expire', async () => {
  const { clock, created, tokens } = worldOf()
  expectText(created.token, /^[a-z0-9]{6}\.[a-z0-9]{16}$/)
  const { username, groups } = await whoseToken(tokens, created.token)
  expectEqual(username, `system:bootstrap:${created.token.slice(0, 6)}`)
  expectEqual(groups.includes('system:bootstrappers'), true)
  clock.advance(61_000)
  const verdict = await whoseToken(tokens, created.token)
  expectEqual(verdict === undefined || verdict === 'rejected', true)
})

check("are no other user's", async () => {
  const { created, tokens } = worldOf()
  const other = `${created.token.slice(0, -1)}${created.token.endsWith('a') ? 'b' : 'a'}`
  for (const token of [other, created.token.toUpperCase(), created.token.slice(0, 6), '__proto__']) {
    expectEqual(await whoseToken(tokens, token), undefined)
  }
})

check('sign the cluster information, which changes with nothing', () => {
  const parts = parseBootstrapToken(worldOf().created.token)
  const signature = signClusterInfo('kubeconfig: x', parts)
  expectEqual(verifyClusterInfo('kubeconfig: x', signature, parts), true)
  expectEqual(verifyClusterInfo('kubeconfig: y', signature, parts), false)
})
