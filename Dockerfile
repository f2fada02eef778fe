# One image for every role; the role is the argument: docker run qunfa worker
ARG NODE_IMAGE=node:20-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json tsconfig.build.json ./
COPY src ./src
# Production needs no compiler (a package asks for it as a peer), no types, no maps, of Swagger UI three
# files, and of OpenTelemetry one build. One time for all files, so that the same sources give the same layer.
RUN npm ci --no-audit --no-fund \
 && npm run build \
 && npm prune --omit=dev --no-audit --no-fund \
 && rm -rf node_modules/typescript node_modules/.package-lock.json \
 && find node_modules -type f \( -name '*.ts' -o -name '*.cts' -o -name '*.mts' -o -name '*.map' \
      -o -iname 'readme*' -o -iname 'changelog*' -o -path '*/swagger-ui-es-*' \
      -o -path '*/@opentelemetry/*/build/es*/*' \) -delete \
 && find node_modules -type d -empty -delete \
 && chmod +x dist/cli/main.js \
 && mkdir -p /image/app /image/data/spool /image/usr/local/bin \
 && mv package.json node_modules dist /image/app/ \
 && ln -s /app/dist/cli/main.js /image/usr/local/bin/qunfa \
 && chmod 1777 /image/data /image/data/spool \
 && find /image -exec touch --no-dereference --date=@0 {} +

FROM ${NODE_IMAGE}
ARG REVISION=
LABEL org.opencontainers.image.title="qunfa" \
      org.opencontainers.image.description="Queue-based WeChat Official Account mass-send campaigns" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.revision="${REVISION}"
# Inside a container the outside decides who reaches a port. /data is for what must outlive it.
ENV NODE_ENV=production \
    PRODUCER_HOST=0.0.0.0 \
    CALLBACK_HOST=0.0.0.0 \
    SANDBOX_HOST=0.0.0.0 \
    METRICS_HOST=0.0.0.0 \
    METRICS_PORT=9464 \
    CALLBACK_SPOOL_DIR=/data/spool
WORKDIR /app
COPY --from=build /image /
# Any user will do. What may be written: /data/spool, of a callback, and /tmp, where a long list is
# sorted. Both want a volume; all else may be read only.
USER 1000:1000
EXPOSE 3000 3001 3002 9464
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.METRICS_PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/main.js"]
CMD ["producer"]
