/** grpc.health.v1, for probes and load balancers. */
import { HealthCheckResponse_ServingStatus } from "./gen/grpc/health/v1/health.ts";

export { HealthDefinition } from "./gen/grpc/health/v1/health.ts";

export const { SERVING, NOT_SERVING } = HealthCheckResponse_ServingStatus;
