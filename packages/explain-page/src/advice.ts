import type { Explanation } from '@kube-authn/core'
import type { Findings } from './findings.ts'
import { type Html, literal, markup } from './markup.ts'
import type { Question } from './question.ts'
import { quote } from './sentences.ts'
import { significantSteps } from './chain-section.ts'

/** Why a request is refused, and what to do. */
export interface Advice {
  readonly why: Html
  readonly whatToDo: Html
}

/** The advice for a refused request; `undefined` if it passes. */
export function adviceOf(
  { explanation, refusedBy, failure, user, decision }: Findings,
  { actingAs }: Question,
): Advice | undefined {
  if (failure === undefined || refusedBy === undefined) return undefined
  if (refusedBy === 'authentication') return adviceForCaller(explanation)
  if (refusedBy === 'impersonation') {
    return {
      why: markup`${quote(user?.username ?? '')} may not act as ${quote(actingAs?.username ?? 'another user')}.`,
      whatToDo: markup`To allow it, bind a role with the verb <code>impersonate</code> on the user, and on each
        group, to ${quote(user?.username ?? '')}.`,
    }
  }
  if (decision?.reason !== '') {
    return {
      why: markup`The request was not decided: ${literal(failure.body.message)}`,
      whatToDo: markup`Look at the path of the request and at the log of the authorizer.`,
    }
  }
  return {
    why: markup`The user is known, but has no role that allows this request.`,
    whatToDo: markup`Bind a role that allows it to ${quote(user?.username ?? '')} or to one of the groups, or
    ask as another user.`,
  }
}

function adviceForCaller(explanation: Explanation): Advice {
  const failed = significantSteps(explanation).find(({ outcome }) => outcome === explanation.outcome)
  const { message, advice, outcome } = explanation
  if (message === undefined) {
    // No authenticator had an opinion. The first sentence of the advice says why.
    const end = advice.indexOf('. ') + 1
    return { why: literal(advice.slice(0, end)), whatToDo: literal(advice.slice(end).trim()) }
  }
  const why = literal(sentence(message))
  if (outcome === 'unavailable') return { why, whatToDo: literal(advice) }
  const known =
    outcome === 'rejected' ? REMEDIES.find(({ fits }) => fits(message, failed?.authenticator)) : undefined
  return { why, whatToDo: known === undefined ? literal(advice) : markup`${known.remedy}` }
}

const REMEDIES: readonly {
  readonly fits: (message: string, authenticator: string | undefined) => boolean
  readonly remedy: string
}[] = [
  {
    fits: (message) => /\bexpired\b/i.test(message),
    remedy:
      'The credential was valid once. Request a new one from its issuer, and check the clocks if it is new.',
  },
  {
    fits: (message) => message.includes('signed by unknown authority'),
    remedy:
      'The certificate was issued by a CA that this app does not trust for users. Use one of the CA in clientCAFile, or add its CA there.',
  },
  {
    fits: (_, authenticator) => authenticator === 'bearerToken',
    remedy:
      'No authenticator knows this token. Check that it was copied whole and is meant for this app, and that its file or its issuer is configured here.',
  },
  {
    fits: (_, authenticator) => authenticator === 'basic',
    remedy: 'Check the name and the password. A changed password file takes effect a moment later.',
  },
]

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`
}
