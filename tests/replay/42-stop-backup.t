# Row 42: stopping as Backup sends nothing and leaves no timer.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@1 < advert prio=200
@2 < stop
> disarm V1 MasterDown
> tell (V1) BACKUP -> INIT: stopping
@9 < wait
@9 < timer V1 MasterDown
@9 < advert prio=50
@9 < show V1
> V1 INIT wants=BACKUP prio=100 source=10.0.0.1 interval=1 rcvd:1
