# Row 44: a delayed interface that is tracked with a weight.
port eth1 down=1
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 garp_delay=0
track V1 iface eth1 -30
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < link eth1 index=3 up
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@1 < link eth1 index=3
> wake interface eth1 @2
@1.5 < link eth1 index=3 up
> wake interface eth1 never
@2 < link eth1 index=3
> wake interface eth1 @3
@3 * interface eth1
> note (V1) effective priority 100 -> 70
@3 < wait
@3.1 < link eth1 index=3 up
> note (V1) effective priority 70 -> 100
