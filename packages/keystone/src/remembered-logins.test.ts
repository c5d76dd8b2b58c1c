import { describe, expect } from 'vitest'
import { fixedClock } from '../../core/test/fakes.ts'
import { EXPIRES_AT_MS, fakeKeystone, groupsAnswer, loginAnswer, refusalAnswer } from '../test/keystone.ts'
import { type CreateCache, describeTwoQuestions, variationsOf } from '../../core/test/two-questions.ts'
import { keystonePassword } from './keystone-password.ts'

const url = 'https://keystone.example.com:5000'

interface Login {
  readonly username: string
  readonly password: string
}

const logins =
  (userAtDomain: boolean): CreateCache<Login> =>
  (decide) => {
    const passwords = keystonePassword({
      url,
      userAtDomain,
      clock: fixedClock(EXPIRES_AT_MS - 3_600_000),
      fetch: fakeKeystone(({ method }) => {
        if (method !== 'POST') return groupsAnswer([])
        return decide() ? loginAnswer() : refusalAnswer(401)
      }).fetch,
    })
    return async ({ username, password }) => {
      try {
        return (await passwords.authenticatePassword(username, password, {})) !== undefined
      } catch (error) {
        expect(error).toMatchObject({ code: 'rejected' })
        return false
      }
    }
  }

const login: Login = { username: 'jane@sales', password: 'pw' }

describe.each([
  ['users of one domain', false],
  ['users of many', true],
])('a login to Keystone of %s', (_, userAtDomain) => {
  describeTwoQuestions('that was right', {
    base: login,
    variations: [
      ...variationsOf(login, {
        username: {
          differs: {
            another: 'bob@sales',
            'another case': 'Jane@sales',
            'another domain': 'jane@ops',
            'no domain': 'jane',
            'a domain in a domain': 'jane@sales@sales',
            'with the password': 'jane@salesp',
            'with a length': '10:jane@sales',
            'a colon': 'jane@sales:',
          },
        },
        password: {
          differs: { another: 'wp', 'another case': 'pW', shorter: 'p', longer: 'pw ', 'a colon': ':pw' },
        },
      }),
      { what: 'where one ends', isSame: false, question: { username: 'jane@sale', password: 'spw' } },
      { what: 'which is which', isSame: false, question: { username: 'pw', password: 'jane@sales' } },
    ],
    sharesWork: true,
    create: logins(userAtDomain),
  })
})
