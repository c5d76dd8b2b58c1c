import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { COMPONENTS, has } from './components.ts'
import { monitoringFile } from './prometheus.ts'
import { makeScratch } from './scratch.ts'

/** The values of a gauge, or what a counter grows by, within 10 seconds: before the fault and after it, and in between. */
type Values = readonly [healthy: number | undefined, faulty: number | undefined]

interface Fault {
  readonly gauges?: Readonly<Record<string, Values>>
  readonly counters?: Readonly<Record<string, Values>>
}

const READS = 'kube_authn_store_results_total{operation="get",code="ok"}'
const FAILED_READS = 'kube_authn_store_results_total{operation="get",code="storeUnavailable"}'
const WRITES = 'kube_authn_store_results_total{operation="update",code="ok"}'
const FAILED_WRITES = 'kube_authn_store_results_total{operation="update",code="storeUnavailable"}'
const ALLOWED = 'apiserver_request_total{code="200"}'
const VERSION = 'kube_authn_store_schema_version'
const LEADS = 'leader_election_master_status{name="kube-authn-controllers"'
const DAY = 86_400

/** Alerts, and what one of the three replicas says when they fire. */
const FAULTS: Readonly<Record<string, readonly Fault[]>> = {
  ReplicaDown: [{ gauges: { up: [1, 0] } }],
  StoreDown: [
    {
      gauges: { kube_authn_store_up: [1, 0] },
      counters: { [READS]: [5, 0], [FAILED_READS]: [undefined, 5], [WRITES]: [1, 0] },
    },
  ],
  StoreReadOnly: [
    {
      gauges: { kube_authn_store_up: [1, 0] },
      counters: { [READS]: [5, 5], [WRITES]: [1, 0], [FAILED_WRITES]: [undefined, 1] },
    },
  ],
  StoreSlow: [
    {
      counters: {
        'etcd_request_duration_seconds_bucket{operation="get",le="0.4"}': [10, 8],
        'etcd_request_duration_seconds_bucket{operation="get",le="1"}': [10, 8],
        'etcd_request_duration_seconds_bucket{operation="get",le="+Inf"}': [10, 10],
      },
    },
  ],
  StoreConnectionsUsedUp: [{ gauges: { 'kube_authn_store_connections{state="waiting"}': [0, 1] } }],
  CopiesStale: [{ gauges: { 'kube_authn_copy_staleness_seconds{kind="revocations"}': [10, 21] } }],
  CopyNearLimit: [
    {
      gauges: {
        'kube_authn_copy_objects{kind="revocations"}': [80, 81],
        'kube_authn_copy_objects_limit{kind="revocations"}': [100, 100],
      },
    },
  ],
  QuotaReached: [
    {
      counters: {
        'kube_authn_object_quota_creations_total{resource="secrets",status="near"}': [undefined, 1],
        'kube_authn_object_quota_creations_total{resource="secrets",status="exceeded"}': [0, 1],
      },
    },
  ],
  ClockWrong: [
    { gauges: { kube_authn_store_clock_offset_seconds: [2, 2.1] } },
    { gauges: { kube_authn_store_clock_offset_seconds: [0, -300] } },
  ],
  SchemaVersionsDiffer: [
    { gauges: { [`${VERSION}{instance="a"}`]: [2, 2], [`${VERSION}{instance="b"}`]: [2, 3] } },
  ],
  NoActiveControllers: [
    { gauges: { [`${LEADS},instance="a"}`]: [1, 0], [`${LEADS},instance="b"}`]: [0, 0] } },
    { gauges: { [`${LEADS},instance="a"}`]: [1, undefined], [`${LEADS},instance="b"}`]: [0, 0] } },
  ],
  WatchesLost: [
    { counters: { 'kube_authn_store_watch_errors_total{code="watchTooSlow"}': [undefined, 1] } },
    { counters: { 'kube_authn_store_watch_errors_total{code="revisionCompacted"}': [0, 1] } },
  ],
  Overload: [{ counters: { [ALLOWED]: [50, 50], 'apiserver_request_total{code="429"}': [undefined, 20] } }],
  ServerErrors: [{ counters: { [ALLOWED]: [50, 50], 'apiserver_request_total{code="503"}': [2, 20] } }],
  EventLoopSlow: [{ gauges: { nodejs_eventloop_lag_p99_seconds: [0.25, 0.3] } }],
  FileDescriptorsLow: [{ gauges: { process_open_fds: [80, 81], process_max_fds: [100, 100] } }],
  TlsHandshakeErrors: [{ counters: { apiserver_tls_handshake_errors_total: [10, 30] } }],
  CertificateExpires: [
    {
      gauges: {
        // Prometheus' tests begin at 0.
        kube_authn_serving_certificate_expiration_timestamp_seconds: [14 * DAY + 600, 14 * DAY],
      },
    },
  ],
}

const STEP_SECONDS = 10
/** In steps: five minutes are healthy, three are not, and five are again. */
const BEGINS = 30
const ENDS = BEGINS + 18
const LAST = ENDS + 30

function samplesOf([healthy, faulty]: Values, grows: boolean): string {
  let total = 0
  let isThere = false
  return Array.from({ length: LAST + 1 }, (_, step) => {
    const value = step > BEGINS && step <= ENDS ? faulty : (healthy ?? (grows && isThere ? 0 : undefined))
    if (value === undefined) return isThere ? 'stale' : '_'
    isThere = true
    total += value
    return String(grows ? total : value)
  }).join(' ')
}

function seriesOf(name: string): string {
  const [metric = '', labels = '}'] = name.split('{')
  const instance = labels.includes('instance=') ? '' : 'instance="a",'
  return `${metric}{job="kube-authn",${instance}${labels}`
}

function testOf(name: string, { gauges = {}, counters = {} }: Fault): unknown {
  const series = (all: Readonly<Record<string, Values>>, grows: boolean): readonly unknown[] =>
    Object.entries(all).map(([each, values]) => ({
      series: seriesOf(each),
      values: samplesOf(values, grows),
    }))
  const fires = (step: number, expected: readonly string[]): unknown => ({
    expr: 'group by (alertname) (ALERTS{alertstate="firing"})',
    eval_time: `${step * STEP_SECONDS}s`,
    exp_samples: expected.map((alert) => ({ labels: `{alertname="KubeAuthn${alert}"}`, value: 1 })),
  })
  return {
    interval: `${STEP_SECONDS}s`,
    input_series: [...series(gauges, false), ...series(counters, true)],
    promql_expr_test: [
      fires(BEGINS, []),
      // Within a minute. Nothing else fires, then or later.
      fires(BEGINS + 6, [name]),
      fires(ENDS, [name]),
      fires(ENDS + 12, []),
    ],
  }
}

describe.runIf(has('prometheus', 'promtool'))('the alerts of examples/replicas', () => {
  const scratch = makeScratch()
  const { groups } = parse(readFileSync(monitoringFile('alerts.yml'), 'utf8')) as {
    readonly groups: readonly { readonly rules: readonly { readonly alert: string }[] }[]
  }

  it('have a fault each', () => {
    const names = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert))
    expect(names).toEqual(Object.keys(FAULTS).map((name) => `KubeAuthn${name}`))
  })

  it.each(
    Object.entries(FAULTS).flatMap(([name, faults]) =>
      faults.map((fault, index) => ({ name, fault, index })),
    ),
  )('find $name ($index) within a minute, alone, and end', async ({ name, fault, index }) => {
    const file = scratch.write(
      `${name}-${index}.json`,
      JSON.stringify({
        rule_files: [monitoringFile('alerts.yml')],
        evaluation_interval: `${STEP_SECONDS}s`,
        tests: [testOf(name, fault)],
      }),
    )
    expect(await scratch.shell(`${COMPONENTS.promtool.command} test rules ${file} 2>&1 || true`)).toContain(
      'SUCCESS',
    )
  })
})
