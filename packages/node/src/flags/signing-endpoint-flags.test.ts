import { serviceAccountObjects } from '@kube-authn/core/service-account'
import { tokenIssuer } from '@kube-authn/issuer'
import { authenticateRequest } from '@kube-authn/core/adapter'
import { fakeRequest, recordEvents } from '@kube-authn/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { problemsOf } from '../../test/problems-of.ts'
import { message, signerServer, socketPath } from '../../test/signer-server.ts'
import { externalSignerAt } from '../external-signer.ts'
import { authenticatorFromFlags } from '../flags.ts'

const ISSUER = 'https://kubernetes.default.svc'
const RBAC = '--authorization-mode=RBAC'
const serviceAccounts = serviceAccountObjects({
  serviceAccounts: [{ namespace: 'default', name: 'default', uid: 'u' }],
})
const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function listening(maxSeconds = 86_400): Promise<string> {
  const endpoint = socketPath()
  closing.push((await signerServer(endpoint, { metadata: () => message([1, maxSeconds]) })).close)
  return endpoint
}

async function start(argv: readonly string[]) {
  const { events, observer } = recordEvents()
  const authenticator = await authenticatorFromFlags([RBAC, `--service-account-issuer=${ISSUER}`, ...argv], {
    serviceAccountObjects: serviceAccounts,
    observer,
  })
  closing.push(authenticator.close)
  const notices = events.flatMap((event) => (event.type === 'fileNotice' ? [event.notice.message] : []))
  return { authenticator, notices }
}

const ENDPOINT = '--service-account-signing-endpoint'
const EXCLUSIVE = `${ENDPOINT}: can't set \`--service-account-signing-key-file\` and/or \`--service-account-key-file\` with \`${ENDPOINT}\` (They are mutually exclusive)`
const invalid = (value: string): string =>
  `${ENDPOINT}: invalid value ${JSON.stringify(value)} passed for \`${ENDPOINT}\`, should be a valid location on the filesystem or must be prefixed with @ to name UDS in abstract namespace`

describe(ENDPOINT, () => {
  it('knows the tokens that the signer signs', async () => {
    const endpoint = await listening()
    const { authenticator, notices } = await start([
      `${ENDPOINT}=${endpoint}`,
      '--tls-private-key-file=/nope',
    ])
    const signer = await externalSignerAt(endpoint)
    closing.push(signer.close)
    const { issue } = tokenIssuer({ issuer: ISSUER, signer, objects: serviceAccounts })
    const { status } = await issue({ namespace: 'default', name: 'default' }, {})
    const ask = authenticateRequest(authenticator)
    expect(await ask(fakeRequest({ headers: [['Authorization', `Bearer ${status.token}`]] }))).toMatchObject({
      authentication: { user: { username: 'system:serviceaccount:default:default' } },
    })
    expect(
      await ask(fakeRequest({ headers: [['Authorization', `Bearer ${status.token}x`]] })),
    ).toHaveProperty('failure')
    expect(notices).toEqual([
      'service-account-extend-token-expiration is true, tokens validity will be caped at the smaller of 31536000 seconds and maximum token lifetime supported by external-jwt-signer (24h0m0s)',
    ])
  })

  it('says when tokens cannot be extended', async () => {
    const endpoint = await listening(600)
    const { notices } = await start([`${ENDPOINT}=${endpoint}`])
    expect(notices[0]).toBe(
      'service-account-extend-token-expiration is true, in order to correctly trigger safe transition logic, token lifetime supported by external-jwt-signer must be longer than 3607 seconds (currently 10m0s)',
    )
    const silent = await start([`${ENDPOINT}=${endpoint}`, '--service-account-extend-token-expiration=false'])
    expect(silent.notices).toEqual([])
  })

  it.each<readonly [argv: readonly string[], problems: readonly string[]]>([
    [[`${ENDPOINT}=@abc`, '--service-account-key-file=/abc'], [EXCLUSIVE]],
    [[`${ENDPOINT}=@abc`, '--service-account-signing-key-file=/abc'], [EXCLUSIVE]],
    [[`${ENDPOINT}=abc`], [invalid('abc')]],
    [[`${ENDPOINT}=@abc@`], [invalid('@abc@')]],
    [[`${ENDPOINT}=@abc.abc  .ae`], [invalid('@abc.abc  .ae')]],
    [[`${ENDPOINT}=/@e_adnb/xyz /efg`], [invalid('/@e_adnb/xyz /efg')]],
    [
      [`${ENDPOINT}=/e /xyz`, '--service-account-key-file=/a', '--service-account-signing-key-file=/b'],
      [EXCLUSIVE, invalid('/e /xyz')],
    ],
    [
      [`${ENDPOINT}=@abc`, '--service-account-max-token-expiration=59m'],
      [
        '--service-account-max-token-expiration: the service-account-max-token-expiration must be between 1 hour and 2^32 seconds',
      ],
    ],
  ])('is refused, without a signer being asked: %j', async (argv, problems) => {
    expect(await problemsOf(() => start(argv))).toEqual(problems)
  })

  it('needs an issuer', async () => {
    const options = { serviceAccountObjects: serviceAccounts }
    expect(await problemsOf(() => authenticatorFromFlags([RBAC, `${ENDPOINT}=@abc`], options))).toContain(
      '--service-account-issuer: service-account-issuer is a required flag',
    )
  })

  it('is refused for what the signer cannot do', async () => {
    const endpoint = await listening(600)
    expect(
      await problemsOf(() => start([`${ENDPOINT}=${endpoint}`, '--service-account-max-token-expiration=1h'])),
    ).toEqual([
      '--service-account-max-token-expiration: service-account-max-token-expiration cannot be set longer than the token expiration supported by service-account-signing-endpoint: 1h0m0s > 10m0s',
    ])
    const short = await listening(300)
    expect(await problemsOf(() => start([`${ENDPOINT}=${short}`]))).toEqual([
      `${ENDPOINT}: while setting up external-jwt-signer: endpoint: max token life supported by external-jwt-signer (300s) is less than acceptable (min 600s)`,
    ])
  })
})
