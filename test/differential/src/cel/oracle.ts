import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { canonical } from '@kube-authn-test/conformance/live/difference'
import type { RecordedExpression } from '@kube-authn-test/conformance/live/tokens/cel'
import { type CelQuestion, inputOf } from './expressions.ts'

/** What Kubernetes' own packages make of an expression. */
export type CelAnswer = RecordedExpression['real'] & { readonly cost?: number }

/** The program of `cel/oracle`, which answers line by line. */
export interface CelOracle {
  ask(question: CelQuestion): Promise<CelAnswer>
  close(): Promise<void>
}

export function celOracle(path: string): CelOracle {
  const child = spawn(path, { stdio: ['pipe', 'pipe', 'inherit'] })
  const waiting: ((line: string) => void)[] = []
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.(line))
  return {
    async ask(question) {
      const line = await new Promise<string>((resolve) => {
        waiting.push(resolve)
        child.stdin.write(`${JSON.stringify({ ...question, input: inputOf(question) })}\n`)
      })
      const { compile, value, ...answer } = JSON.parse(line) as CelAnswer
      return {
        ...answer,
        ...(compile !== undefined && { compile: compile.split('\n')[0] ?? '' }),
        ...(value !== undefined && { value: recorded(value) }),
      }
    },
    async close() {
      child.stdin.end()
      await once(child, 'exit')
    },
  }
}

/** Doubles as JavaScript prints them, and maps in the order of their keys. */
function recorded(value: unknown): unknown {
  if (typeof value === 'string' && value.startsWith('d')) {
    const number = Number(value.slice(1))
    return `d${Object.is(number, -0) ? '-0' : number}`
  }
  if (Array.isArray(value)) return value.map(recorded)
  if (typeof value !== 'object' || value === null || !('map' in value)) return value
  const entries = (value.map as readonly (readonly unknown[])[]).map((entry) => entry.map(recorded))
  return { map: entries.toSorted(([a], [b]) => (canonical(a) < canonical(b) ? -1 : 1)) }
}
