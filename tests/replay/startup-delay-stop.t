# Stopped during vrrp_startup_delay: nothing had begun.
startup_delay 5
instance V1 eth0 vrid=51 prio=255 MASTER addr=10.0.0.100
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> wake startup @5
@3 < stop
> wake startup never
@9 < wait
