/**
 * Observers that count, under kube-apiserver's metric names, also for prom-client.
 *
 * @module
 */
export { type Metrics, metrics, type MetricsOptions } from './metrics.ts'
export { prometheusBridge } from './prom-client/prometheus-bridge.ts'
