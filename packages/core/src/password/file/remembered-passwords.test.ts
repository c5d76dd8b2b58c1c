import { hashSync } from 'bcryptjs'
import { describe, expect, it } from 'vitest'
import { fixedClock } from '../../../test/fakes.ts'
import { type Variants, variationsOf } from '../../../test/two-questions.ts'
import { passwordFile } from './password-file.ts'

interface Login {
  readonly username: string
  readonly password: string
}

const FILE = `${hashSync('secret', 4)},jane,1\n${hashSync('terces', 4)},bob,2\n${hashSync('', 4)},eve,3\n`

const variants: Variants<Login> = {
  username: {
    differs: {
      another: 'bob',
      'another without a password': 'eve',
      'one who is not in the file': 'ann',
      'another case': 'Jane',
      'one with the password': 'janesecret',
      empty: '',
      'a prototype': '__proto__',
    },
  },
  password: {
    differs: {
      'that of another': 'terces',
      'another case': 'Secret',
      shorter: 'secre',
      longer: 'secret ',
      'one that ends with NUL': 'secret\0',
      'one with the name': 'janesecret',
      empty: '',
    },
  },
}

const right: Login = { username: 'jane', password: 'secret' }

describe('a password that was right', () => {
  it.each(variationsOf(right, variants).map(({ what, question }) => [what, question] as const))(
    'lets no other user in, nor another password: %s',
    async (_, other) => {
      const passwords = passwordFile(FILE, { clock: fixedClock() })
      const usernameOf = async ({ username, password }: Login): Promise<string | undefined> =>
        (await passwords.authenticatePassword(username, password, {}))?.user.username
      expect(await usernameOf(right)).toBe('jane')
      expect(await usernameOf(other)).toBeUndefined()
      expect(await usernameOf(right)).toBe('jane')
      expect(await usernameOf(other)).toBeUndefined()
      // Bob's own is remembered too, then.
      expect(await usernameOf({ username: 'bob', password: 'terces' })).toBe('bob')
      expect(await usernameOf(other)).toBeUndefined()
    },
  )
})
