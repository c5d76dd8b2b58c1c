/**
 * Observers that count, under kube-apiserver's metric names, also for prom-client.
 *
 * @module
 */
export { type Metrics, metrics } from '../metrics/metrics.ts'
export { prometheusBridge } from '../metrics/prom-client/prometheus-bridge.ts'
