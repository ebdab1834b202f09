# vrrp_startup_delay: scripts run meanwhile, so that at its end their results are known.
startup_delay 5
script chk interval=2 rise=1 fall=1
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 garp_delay=0
track V1 script chk 0
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> run chk
> wake script chk @2
> wake startup @5
@0.1 < script chk ok
> note script chk succeeded: exit status 0
@2 * script chk
> run chk
> wake script chk @4
@2.1 < script chk 1
> note script chk failed: exit status 1
@4 * script chk
> run chk
> wake script chk @6
@4.1 < script chk ok
> note script chk succeeded: exit status 0
@5 * startup
> arm V1 MasterDown @8.609375
> tell (V1) INIT -> BACKUP: starting
@5.5 < wait
@5.6 < stop
> wake script chk never
> disarm V1 MasterDown
> tell (V1) BACKUP -> INIT: stopping
