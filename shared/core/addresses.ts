/** Where a party is reached: host:port, or several of them separated by commas, in the order in which they are to be tried. */

/** Each host:port of an address. */
export function addressesIn(address: string): string[] {
  return address.split(",");
}

/** The hosts of an address, without the brackets of IPv6. */
export function hostsOf(address: string): string[] {
  const hosts = addressesIn(address).map((each) => each.slice(0, each.lastIndexOf(":")).replace(/^\[(.*)\]$/, "$1"));
  return [...new Set(hosts)];
}
