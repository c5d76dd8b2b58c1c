import { authenticatorChain } from '@kube-authn/core'
import { CredentialFileError, passwordFile } from '@kube-authn/core/password-file'
import { tokenFile } from '@kube-authn/core/token-file'
import { checksOf } from './check.mjs'
import { expectEqual, expectText, thrownBy } from './expect.mjs'
import { bearer, whoIs, whosePassword, whoseToken } from './requests.mjs'

const tokenCheck = checksOf('token file')

tokenCheck('reads quotes, groups, empty lines and both ends of line as Go does', async () => {
  const csv = 'a,jane,1,"developers,app1"\r\n\n"b""c",joe,2\nd,zoë,3,x'
  const tokens = tokenFile(new TextEncoder().encode(csv))
  expectEqual((await whoseToken(tokens, 'a')).groups, ['developers', 'app1'])
  expectEqual((await whoseToken(tokens, 'b"c')).username, 'joe')
  expectEqual((await whoseToken(tokens, 'd')).username, 'zoë')
})

tokenCheck('has no opinion on any other token', async () => {
  const tokens = tokenFile('a,jane,1\nb,joe,2')
  for (const token of ['', 'A', 'ab', 'jane', '__proto__', 'constructor']) {
    expectEqual(await whoseToken(tokens, token), undefined)
  }
})

tokenCheck('keeps bytes apart that are not UTF-8', async () => {
  const tokens = tokenFile(Uint8Array.from([0xff, ...new TextEncoder().encode(',jane,1')]))
  expectEqual((await whoseToken(tokens, '\udcff')).username, 'jane')
  expectEqual(await whoseToken(tokens, '\udcfe'), undefined)
  expectEqual(await whoseToken(tokens, '\ufffd'), undefined)
})

tokenCheck('finds a token beyond ASCII as it comes in a header', async () => {
  const chain = authenticatorChain({ tokens: [tokenFile('tökén,jane,1')] })
  const onTheWire = String.fromCodePoint(...new TextEncoder().encode('tökén'))
  expectEqual((await whoIs(chain, bearer(onTheWire))).username, 'jane')
})

tokenCheck('is refused where a record is wrong, by its line and without its token', async () => {
  for (const csv of ['t,jane,1\ns3cret,joe', 't,jane,1\ns3cret"x,joe,2', 't,jane,1\n"s3cret,joe,2']) {
    const error = await thrownBy(() => tokenFile(csv, { source: 'tokens.csv' }))
    expectText(error.message, 'tokens.csv')
    expectText(error.message, '2')
    expectEqual(JSON.stringify([error.message, error.stack]).includes('s3cret'), false)
  }
})

const passwordCheck = checksOf('password file')

/** All of `s3cret`. The hash of argon2id has commas, which is why it is quoted below. */
const HASHES = {
  bcrypt: '$2b$04$QLH9DFExvxSjR3DMYsqMouWcOoIcpNc5r.3N5N7BJrV6TUj68BygW',
  scrypt: '$scrypt$ln=4,r=8,p=1$c29tZXNhbHQxMjM0NTY$uynGi3cBXDRDvbJ1yzTI7PJv3qKQz8QCXhy9HPWEojE',
  argon2id: '$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQxMjM0NTY$+QzL9T/y4vwK5yLwyPcXDCCH946RYwDKvHpQzCVMTnU',
}

for (const [kind, hash] of Object.entries(HASHES)) {
  passwordCheck(`knows a password by its ${kind}`, async () => {
    const passwords = passwordFile(`"${hash}",jane,1,ops\n`)
    expectEqual((await whosePassword(passwords, 'jane', 's3cret')).groups, ['ops'])
  })

  passwordCheck(`has no opinion on any other password by its ${kind}`, async () => {
    const passwords = passwordFile(`"${hash}",jane,1,ops\n`)
    for (const wrong of ['S3cret', 's3cre', 's3crett', '', hash, 's3cret'.padEnd(80, 's3cret')]) {
      expectEqual(await whosePassword(passwords, 'jane', wrong), undefined)
    }
    expectEqual(await whosePassword(passwords, 'joe', 's3cret'), undefined)
  })

  passwordCheck(`refuses a broken ${kind} when it is read`, async () => {
    const error = await thrownBy(() => passwordFile(`"${hash.slice(0, 24)}",jane,1\n`))
    expectEqual(error instanceof CredentialFileError, true)
  })
}

passwordCheck('knows a plain text', async () => {
  const passwords = passwordFile('correct horse,joe,2')
  expectEqual((await whosePassword(passwords, 'joe', 'correct horse')).uid, '2')
  expectEqual(await whosePassword(passwords, 'joe', 'correct'), undefined)
})

passwordCheck('checks many at once, and answers all of them', async () => {
  const passwords = passwordFile(`${HASHES.bcrypt},jane,1\n`)
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, index) =>
      whosePassword(passwords, 'jane', index % 2 === 0 ? 's3cret' : `wrong${index}`),
    ),
  )
  expectEqual(
    answers.map((user) => user?.username ?? ''),
    answers.map((_, index) => (index % 2 === 0 ? 'jane' : '')),
  )
})
