import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { startServe } from '../../packages/server/test/served.ts'

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')
const rules = read('examples/replicas/monitoring/alerts.yml')
const dashboard = read('examples/replicas/monitoring/dashboard.json')

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

const { groups } = parse(rules) as { readonly groups: readonly { readonly rules: readonly Rule[] }[] }
const alerts = groups.flatMap((group) => group.rules)
const { panels } = JSON.parse(dashboard) as {
  readonly panels: readonly {
    readonly title: string
    readonly targets: readonly { readonly expr: string }[]
  }[]
}

/** Metrics that Prometheus has of itself. */
const OF_PROMETHEUS = new Set(['up', 'ALERTS'])
/** The names in an expression that stand before labels, a range, or an operator. */
const namesIn = (expression: string): readonly string[] =>
  [
    ...expression
      .replaceAll(/"[^"]*"|\bby \([^)]*\)|\bon \([^)]*\)/g, '')
      .matchAll(/(?<![\w$.])([a-zA-Z]\w*)(?=\{|\[|\)| [-+*/><=!]| offset|$)/gm),
  ]
    .map(([, name = '']) => name)
    .filter((name) => !OF_PROMETHEUS.has(name) && !/^(?:instance|job)$/.test(name))
    .map((name) => name.replace(/_(?:bucket|sum|count)$/, ''))

describe('the alerts and the dashboard of examples/replicas', () => {
  it('use metrics that serve has', async () => {
    const { admin } = await startServe(['--in-memory'])
    const text = await (await admin('/metrics')).text()
    const served = new Set([...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name = '']) => name))
    const expressions = [
      ...alerts.map(({ expr }) => expr),
      ...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ]
    const used = new Set(expressions.flatMap(namesIn))
    expect(used.size).toBeGreaterThan(25)
    expect([...used].filter((name) => !served.has(name))).toEqual([])
  })

  it.each(alerts)('$alert has a severity and says what is wrong', ({ labels, annotations }) => {
    expect(labels['severity']).toMatch(/^(?:critical|warning|info)$/)
    expect(annotations['summary']).toMatch(/\w/)
  })

  it('are in docs/metrics.md, in their order, with what to do', () => {
    const page = read('docs/metrics.md')
    const section = page.slice(
      page.indexOf('\n## Alerts\n'),
      page.indexOf('\n## Metrics of kube-apiserver that are missing'),
    )
    const rows = [...section.matchAll(/^\| `(\w+)` +\| \S.* \|$/gm)].map(
      ([, name = '']) => `KubeAuthn${name}`,
    )
    expect(rows).toEqual(alerts.map(({ alert }) => alert))
  })
})
