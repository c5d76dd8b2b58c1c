import { describe, expect, it } from 'vitest'
import { type Attribute, CN, issue, O, UID } from '../../../../x509/test/certificates.ts'
import { rejected } from '../../authenticator/errors.ts'
import { hexOf } from '@kube-authn/internal/bytes'
import { certificateUser, type CertificateUserOptions } from './certificate-user.ts'

const OU = '2.5.4.11'
const userOf = async (subject: readonly Attribute[], options?: CertificateUserOptions) => {
  const user = certificateUser((await issue({ subject })).certificate, options)
  return user && { username: user.username, uid: user.uid, groups: user.groups }
}

describe('the user of a certificate', () => {
  it.each<readonly [string, readonly Attribute[], object | undefined]>([
    ['the common name', [[CN, 'jane']], { username: 'jane', uid: '', groups: [] }],
    [
      'the last of several common names',
      [
        [CN, 'a'],
        [O, 'x'],
        [CN, 'b'],
      ],
      { username: 'b', groups: ['x'], uid: '' },
    ],
    [
      'no user if the last is empty',
      [
        [CN, 'a'],
        [CN, ''],
      ],
      undefined,
    ],
    ['no user without one', [[O, 'app1']], undefined],
    [
      'no user without one, whatever the uid',
      [
        [UID, ''],
        [UID, 'u'],
      ],
      undefined,
    ],
    [
      'of all organizations in order, also empty and repeated',
      [
        [O, 'z'],
        [CN, 'j'],
        [O, ''],
        [O, 'a'],
        [O, 'z'],
      ],
      { username: 'j', uid: '', groups: ['z', '', 'a', 'z'] },
    ],
    [
      'of no organizational unit',
      [
        [OU, 'admins'],
        [CN, 'j'],
      ],
      { username: 'j', uid: '', groups: [] },
    ],
    [
      'whatever type the strings have',
      [
        [CN, 'j', 0x13],
        [O, 'a', 0x16],
      ],
      { username: 'j', uid: '', groups: ['a'] },
    ],
    [
      'the uid',
      [
        [CN, 'j'],
        [UID, 'uid-1'],
      ],
      { username: 'j', uid: 'uid-1', groups: [] },
    ],
    [
      'named with any string',
      [
        [CN, 'system:anonymous'],
        [O, 'system:masters'],
      ],
      { username: 'system:anonymous', uid: '', groups: ['system:masters'] },
    ],
  ])('is %s', async (_, subject, expected) => {
    expect(await userOf(subject)).toEqual(expected)
  })

  it.each<readonly [string, readonly Attribute[], string]>([
    [
      'an empty uid',
      [
        [CN, 'j'],
        [UID, ''],
      ],
      'UID cannot be an empty string',
    ],
    [
      'two uids',
      [
        [CN, 'j'],
        [UID, 'a'],
        [UID, 'b'],
      ],
      'expected 1 UID, but found multiple: [a b]',
    ],
    [
      'the same uid twice',
      [
        [CN, 'j'],
        [UID, 'a'],
        [UID, 'a'],
      ],
      'expected 1 UID, but found multiple: [a a]',
    ],
    [
      'two empty uids',
      [
        [CN, 'j'],
        [UID, ''],
        [UID, ''],
      ],
      'expected 1 UID, but found multiple: [ ]',
    ],
    [
      'uids with line breaks',
      [
        [CN, 'j'],
        [UID, 'a\nb'],
        [UID, 'c'],
      ],
      String.raw`expected 1 UID, but found multiple: [a\u{a}b c]`,
    ],
  ])('is an error with %s', async (_, subject, message) => {
    await expect(userOf(subject)).rejects.toEqual(rejected(message))
  })

  it('has no uid where the subject may not say it', async () => {
    const subject: readonly Attribute[] = [
      [CN, 'j'],
      [UID, 'a'],
      [UID, ''],
    ]
    expect(await userOf(subject, { uidFromSubject: false })).toMatchObject({ uid: '' })
  })

  it('says which certificate it came with', async () => {
    const { certificate, der } = await issue({ subject: 'jane' })
    const digest = hexOf(new Uint8Array(await crypto.subtle.digest('SHA-256', der)))
    expect({ ...certificateUser(certificate)?.extra }).toEqual({
      'authentication.kubernetes.io/credential-id': [`X509SHA256=${digest}`],
    })
  })
})
