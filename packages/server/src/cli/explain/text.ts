import type { ExplainedStep, Explanation } from '@kube-authn/core'
import { withoutControls } from '@kube-authn/internal/printable'
import { type Style, userLines } from '../terminal/terminal.ts'

/** An explanation as a person reads it: the user or the refusal, the opinion of each authenticator, and what to do. */
export function explanationLines(explanation: Explanation, style: Style): readonly string[] {
  const { advice, warnings } = explanation
  const roots = explanation.steps.flatMap(withoutWrappers)
  return [
    ...headline(explanation, style),
    ...(roots.length > 0 ? ['', ...treeOf(roots, '', style)] : []),
    '',
    withoutControls(advice),
    ...warnings.map((each) => `${style('yellow', 'warning')}: ${withoutControls(each)}`),
  ]
}

function headline({ user, status, message, outcome }: Explanation, style: Style): readonly string[] {
  if (status !== undefined || user === undefined) {
    const why = message ?? OUTCOMES[outcome]
    return [style('red', `refused with ${status ?? 401}: ${withoutControls(why)}`)]
  }
  return [style('green', 'authenticated'), ...userLines(user).map((each) => `  ${each}`)]
}

const OUTCOMES = {
  authenticated: 'authenticated',
  noOpinion: 'no opinion',
  rejected: 'rejected',
  unavailable: 'could not be checked',
} as const

const COLOURS = { authenticated: 'green', noOpinion: 'dim', rejected: 'red', unavailable: 'yellow' } as const

/** Unions, caches and added groups have no opinion of their own. */
function withoutWrappers(step: ExplainedStep): readonly ExplainedStep[] {
  const steps = step.steps.flatMap(withoutWrappers)
  const isWrapper = steps.length > 0 && /^(?:authenticatedGroup|chain|union|cached)/.test(step.authenticator)
  const [only] = steps
  const isRepeated = steps.length === 1 && only?.authenticator === step.authenticator
  return isWrapper || isRepeated ? steps : [{ ...step, steps }]
}

function treeOf(steps: readonly ExplainedStep[], indent: string, style: Style): readonly string[] {
  return steps.flatMap(({ authenticator, outcome, message, user, steps: below }, index) => {
    const isLast = index === steps.length - 1
    const what =
      outcome === 'authenticated' && user !== undefined
        ? `${OUTCOMES[outcome]} as ${user.username}`
        : message === undefined
          ? OUTCOMES[outcome]
          : `${OUTCOMES[outcome]}: ${message}`
    return [
      `${indent}${isLast ? '└─' : '├─'} ${withoutControls(authenticator)}: ${style(COLOURS[outcome], withoutControls(what))}`,
      ...treeOf(below, `${indent}${isLast ? '   ' : '│  '}`, style),
    ]
  })
}
