/** The environment that makes Node write a CPU profile of a service when it ends. */
export function profiled(directory: string, service: string): Record<string, string> {
  return { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${directory} --cpu-prof-name=${profileFile(service)}` };
}

export function profileFile(service: string): string {
  return `${service}.cpuprofile`;
}
