export type { MetricFamily, MetricSample, MetricSource } from './family.ts'
export { metrics, type Metrics, type MetricsOptions } from './metrics.ts'
export { usernameLabel } from './username-label.ts'
