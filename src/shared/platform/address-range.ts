/** Addresses that a setting names: one, or a range. */
import ipaddr from 'ipaddr.js';

/** `10.0.0.5` or `10.1.0.0/16`, of either version. */
export const isAddressRange = (text: string): boolean =>
  ipaddr.isValid(text) || ipaddr.isValidCIDR(text);

export function isInRanges(address: string | undefined, ranges: readonly string[]): boolean {
  if (address === undefined || !ipaddr.isValid(address)) return false;
  const found = ipaddr.process(address);
  return ranges.some((range) => {
    const [base, bits] = ipaddr.isValidCIDR(range)
      ? ipaddr.parseCIDR(range)
      : ([ipaddr.process(range), undefined] as const);
    if (base.kind() !== found.kind()) return false;
    return bits === undefined ? base.toString() === found.toString() : found.match(base, bits);
  });
}
