# Row 56: above the Master only because of the weight: preempt_delay holds, and ends with it.
file load
instance V1 eth0 vrid=51 prio=100 delay=10 addr=10.0.0.100
track V1 file load 1
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@1 < advert prio=150
@1.5 < file load 100
> note (V1) effective priority 100 -> 200
@2 < advert prio=150
> arm V1 PreemptDelay @12
@3 < advert prio=150
@3.5 < file load 0
> note (V1) effective priority 200 -> 100
@3.609375 * V1 MasterDown
> arm V1 MasterDown @6.609375
@4 < advert prio=150
> disarm V1 PreemptDelay
